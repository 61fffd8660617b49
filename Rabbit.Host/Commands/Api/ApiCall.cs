using System.CommandLine;
using Rabbit.ApiClient;
using Rabbit.Host.Commands.Output;

namespace Rabbit.Host.Commands.Api;

/// <summary>Reads a part of a list: behind this cursor, so many rows at most.</summary>
internal delegate Task<(IReadOnlyList<T> Rows, string? Next)> ReadPage<T>(string? cursor, int limit);

/// <summary>A run of a command over the API: what was asked for, the API, and how to answer.</summary>
internal sealed record ApiCall(ParseResult Parsed, RabbitApiClient Api, ApiTarget Target, bool Json, CancellationToken Cancellation)
{
    private const int LargestPage = 1000;

    /// <summary>The option <c>--limit</c> of lists.</summary>
    public static readonly Option<int?> Limit = TypedOption.Number("--limit", "At most so many (all).", least: 1);

    public T? Get<T>(Option<T> option) => Parsed.GetValue(option);

    public T Get<T>(Argument<T> argument) => Parsed.GetRequiredValue(argument);

    /// <summary>Writes a list that comes in parts, each as soon as it is there.</summary>
    /// <param name="none">A sentence for people when there is nothing.</param>
    /// <param name="read">Reads a part.</param>
    /// <param name="columns">Of the table.</param>
    public async Task<int> ListAsync<T>(string none, ReadPage<T> read, params (string Name, Func<T, string?> Value)[] columns)
    {
        var output = new ListOutput<T>(Json, columns);
        int left = Get(Limit) ?? int.MaxValue;
        string? cursor = null;
        do
        {
            var (rows, next) = await read(cursor, Math.Min(left, LargestPage));
            // Some lists come whole.
            output.Write(rows.Count > left ? [.. rows.Take(left)] : rows);
            left -= rows.Count;
            cursor = next;
        }
        while (cursor is not null && left > 0);
        output.Complete(none);
        return ExitCode.Ok;
    }

    /// <summary>Writes a list that the API gives whole.</summary>
    public Task<int> ListWholeAsync<T>(string none, Func<Task<IReadOnlyList<T>>> read, params (string Name, Func<T, string?> Value)[] columns) =>
        ListAsync(none, async (_, _) => (await read(), null), columns);

    /// <summary>Writes one thing.</summary>
    public int Show<T>(T data, params IReadOnlyCollection<(string Name, string? Value)> details)
    {
        if (Json)
            JsonOutput.Write(data);
        else
            Output.DetailsOutput.Write(details);
        return ExitCode.Ok;
    }

    /// <summary>Tells what was done.</summary>
    public int Tell<T>(T data, string sentence)
    {
        if (Json)
            JsonOutput.Write(data);
        else
            Console.WriteLine(TerminalText.Escape(sentence));
        return ExitCode.Ok;
    }
}
