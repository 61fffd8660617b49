using System.CommandLine;
using Rabbit.Host.Commands;

// Before the first socket: continuations then run on the thread that found the socket ready (docs/architecture.md).
if (Environment.GetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS") is null)
    Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

// No termination timeout: the host handles the signals, and its drain may take longer than the library's 2 s.
return await RabbitCommand.Create().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
