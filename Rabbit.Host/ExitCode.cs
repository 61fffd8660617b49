namespace Rabbit.Host;

/// <summary>Exit statuses of the program.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>It could not do what was asked.</summary>
    public const int Failure = 1;

    /// <summary>The command line or configuration is wrong.</summary>
    public const int Usage = 2;
}
