namespace Rabbit.Protocol;

/// <summary>What both programs ask of the runtime, without the user setting anything.</summary>
public static class RuntimeTuning
{
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>To be called first of all, since the runtime looks when the first socket is made.</summary>
    public static void Apply()
    {
        // Continuations run on the thread that found the socket ready (docs/data-path.md).
        if (Environment.GetEnvironmentVariable(InlineCompletions) is null)
            Environment.SetEnvironmentVariable(InlineCompletions, "1");
    }
}
