using System.IO.Pipes;

namespace Rabbit.Host.Handover;

/// <summary>Whether this server was started to take over from the one that runs (<c>--takeover</c>).</summary>
/// <param name="IsWanted">It was.</param>
/// <param name="DonePipe">Where to say that it has, for the program that started it; or empty.</param>
internal sealed record Takeover(bool IsWanted, string DonePipe)
{
    /// <summary>The setting of <see cref="IsWanted"/>.</summary>
    public const string Key = "Rabbit:Takeover";

    /// <summary>The setting of <see cref="DonePipe"/>, and the variable by which one process gives it to another.</summary>
    public const string DonePipeKey = "Rabbit:DonePipe", DonePipeVariable = "RABBIT_DONE_PIPE";

    public static Takeover Read(IConfiguration configuration) => new(configuration[Key] == "true", configuration[DonePipeKey] ?? "");

    /// <summary>The server serves.</summary>
    public void TellDone()
    {
        if (DonePipe.Length == 0)
            return;
        using var pipe = new AnonymousPipeClientStream(PipeDirection.Out, DonePipe);
        try
        {
            pipe.WriteByte(1);
        }
        catch (IOException)
        {
            // Nobody waits any more.
        }
    }
}
