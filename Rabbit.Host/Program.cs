using Rabbit.Host.Commands;

// Before the first socket: continuations then run on the thread that found the socket ready (docs/architecture.md).
if (Environment.GetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS") is null)
    Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

return await RabbitCommand.RunAsync(args);
