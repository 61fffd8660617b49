using System.Globalization;

namespace Rabbit.Host.Settings;

/// <summary>A key of the section <c>Rabbit</c>, in rabbit.json and elsewhere.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Type">What it holds.</param>
/// <param name="Default">What it is where it is not given.</param>
/// <param name="Flag">The flag of <c>rabbit server</c> that sets the same, or null.</param>
/// <param name="Variable">The variable of the environment that sets the same.</param>
/// <param name="Limits">What its value must be, beside its type; or empty.</param>
internal sealed record Setting(string Key, Type Type, object? Default, string? Flag, string Variable, string Limits)
{
    /// <summary><see cref="Default"/> as it would be written.</summary>
    public string DefaultText => Default switch
    {
        true => "true",
        false => "false",
        TimeSpan time => time.ToString(time.Milliseconds == 0 ? "c" : @"hh\:mm\:ss\.FFF", CultureInfo.InvariantCulture),
        _ => Convert.ToString(Default, CultureInfo.InvariantCulture) ?? "",
    };

    /// <summary>What it holds, in a word.</summary>
    public string Kind => Type == typeof(bool) ? "true or false"
        : Type == typeof(TimeSpan) ? "time"
        : Type == typeof(string) ? "text"
        : "whole number";
}
