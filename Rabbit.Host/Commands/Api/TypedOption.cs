using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Rabbit.Host.Commands.Api;

/// <summary>Options whose values are checked here, with errors that say what was expected.</summary>
internal static class TypedOption
{
    public static Option<int?> Number(string name, string description, int least = 0, int most = int.MaxValue) => Of<int?>(
        name, description, $"must be a whole number{(most == int.MaxValue ? $" of at least {least}" : $" from {least} to {most}")}",
        text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most ? value : null);

    public static Option<DateTimeOffset?> Time(string name, string description) => Of<DateTimeOffset?>(
        name, $"{description} Such as 2026-11-24T08:00Z; UTC where it names no zone.", "must be a time such as 2026-11-24T08:00Z",
        text => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time) ? time : null);

    public static Option<DateOnly?> Day(string name, string description) => Of<DateOnly?>(
        name, description, "must be a day such as 2026-11-24",
        text => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day) ? day : null);

    public static Argument<Guid?> SessionId() => new("SESSION_ID")
    {
        Description = "As 'rabbit session list' shows it.",
        CustomParser = result => Read(result, "SESSION_ID", "must be the id that 'rabbit session list' shows", text => Guid.TryParse(text, out Guid id) ? id : (Guid?)null),
    };

    public static Argument<int?> Port() => new("PORT")
    {
        Description = "Tunnel port.",
        CustomParser = result => Read(
            result, "PORT", "must be a port from 1 to 65535",
            text => ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0 ? port : (int?)null),
    };

    /// <summary>An option with values that the shell can complete; the server decides what is valid.</summary>
    public static Option<string?> Choice(string name, string description, params string[] values)
    {
        var option = new Option<string?>(name) { Description = description };
        option.CompletionSources.Add(values);
        return option;
    }

    private static Option<T> Of<T>(string name, string description, string must, Func<string, T> read) => new(name)
    {
        Description = description,
        CustomParser = result => Read(result, name, must, read),
    };

    private static T? Read<T>(ArgumentResult result, string name, string must, Func<string, T?> read)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        T? value = read(text);
        if (value is null)
            result.AddError($"{name} {must}, not '{text}'");
        return value;
    }
}
