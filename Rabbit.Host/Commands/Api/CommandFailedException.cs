namespace Rabbit.Host.Commands.Api;

/// <summary>Ends a command with one sentence that says what to do.</summary>
internal sealed class CommandFailedException(int exitCode, string sentence) : Exception(sentence)
{
    public int ExitCode => exitCode;
}
