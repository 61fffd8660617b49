using System.CommandLine;
using Rabbit.Host.Display;

namespace Rabbit.Host.Commands.Api;

/// <summary><c>rabbit version</c>: the server's; this program's is <c>rabbit --version</c>.</summary>
internal static class VersionCommand
{
    public static Command Create()
    {
        Command version = ApiCommand.Of("version", "Shows the version of the server and what it runs on; 'rabbit --version' shows this program's.", [], async call =>
        {
            var server = (await call.Api.GetVersionAsync(call.Cancellation)).Data;
            return call.Show(
                server,
                ("version", server.Version), ("protocol", Show.Number(server.Protocol)), ("runtime", server.Runtime), ("database", server.Database),
                ("redis", server.Redis ? "yes" : "no"), ("node", server.Node), ("started", Show.Time(server.StartedAt)));
        });
        ApiFlags.AddTo(version);
        return version;
    }
}
