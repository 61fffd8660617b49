namespace Rabbit.Client;

/// <summary>Exit statuses of the program.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The tunnel cannot be made or kept, and trying again would not help.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;
}
