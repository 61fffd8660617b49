namespace Rabbit.Client.Commands;

/// <summary>A setting is wrong.</summary>
/// <param name="option">Its name as a flag without dashes, such as <c>local-port</c>.</param>
/// <param name="message">One sentence that says what to correct.</param>
/// <param name="inner">What was met, or null.</param>
internal sealed class OptionException(string option, string message, Exception? inner = null) : FormatException(message, inner)
{
    public string Option => option;
}
