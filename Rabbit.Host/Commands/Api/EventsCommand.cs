using System.CommandLine;
using System.Net.ServerSentEvents;
using System.Runtime.InteropServices;
using System.Text.Json;
using Rabbit.ApiClient;
using Rabbit.Host.Commands.Output;
using Rabbit.Host.Display;

namespace Rabbit.Host.Commands.Api;

/// <summary><c>rabbit events</c>: what happens, as it happens.</summary>
internal static class EventsCommand
{
    private static readonly string[] Details = ["port", "team_id", "token_id", "session_id", "detail"];
    private static readonly Option<string?> Types = new("--types") { Description = "Only these, with commas between them, such as tunnel.live,tunnel.offline." };

    public static Command Create()
    {
        Command events = ApiCommand.Of("events", "Writes events as they happen, one line each, until Ctrl-C.", [Types], RunAsync);
        ApiFlags.AddTo(events);
        return events;
    }

    private static async Task<int> RunAsync(ApiCall call)
    {
        // To stop is what the one who watches wants; it is no failure.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(call.Cancellation);
        using PosixSignalRegistration interrupt = StopOn(PosixSignal.SIGINT, stop);
        using PosixSignalRegistration terminate = StopOn(PosixSignal.SIGTERM, stop);
        try
        {
            using FileResponse stream = await call.Api.ReadEventsAsync(types: call.Get(Types), cancellationToken: stop.Token);
            await WriteAsync(call, stream.Stream, stop.Token);
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
        throw new CommandFailedException(ExitCode.Failure, $"The server at {call.Target.Name} ended the events; it may be stopping, try again.");
    }

    private static async Task WriteAsync(ApiCall call, Stream stream, CancellationToken cancellationToken)
    {
        // A server that has nothing to tell says so every 2 s; one that does not is gone.
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(ApiDeadline.Limit);
        try
        {
            await foreach (SseItem<string> item in SseParser.Create(stream).EnumerateAsync(silence.Token))
            {
                silence.CancelAfter(ApiDeadline.Limit);
                if (item.EventType != "ping")
                    Write(call, item);
            }
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("The server fell silent.", e);
        }
    }

    private static void Write(ApiCall call, SseItem<string> item)
    {
        JsonElement data = JsonSerializer.Deserialize<JsonElement>(item.Data);
        if (call.Json)
        {
            JsonOutput.WriteLine(data);
            return;
        }
        string at = data.TryGetProperty("at", out JsonElement time) && time.TryGetDateTimeOffset(out DateTimeOffset moment) ? Show.Time(moment) : Show.Nothing;
        IEnumerable<string> known = Details
            .Select(name => (Name: name, Value: data.TryGetProperty(name, out JsonElement value) ? value.ToString() : ""))
            .Where(detail => detail.Value.Length > 0)
            .Select(detail => detail.Name == "detail" ? detail.Value : $"{detail.Name.Replace("_id", "", StringComparison.Ordinal)} {detail.Value}");
        Console.WriteLine(TerminalText.Escape(string.Join("  ", known.Prepend(item.EventType.PadRight(16)).Prepend(at)).TrimEnd()));
    }

    private static PosixSignalRegistration StopOn(PosixSignal signal, CancellationTokenSource stop) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        stop.Cancel();
    });
}
