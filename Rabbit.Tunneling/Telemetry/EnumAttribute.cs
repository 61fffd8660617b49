using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using System.Text.Json;

namespace Rabbit.Tunneling.Telemetry;

/// <summary>An attribute whose values are an enum's in snake_case, made once: recording one allocates nothing.</summary>
internal sealed class EnumAttribute<TEnum>(string name)
    where TEnum : struct, Enum
{
    private readonly FrozenDictionary<TEnum, KeyValuePair<string, object?>> _values = Enum.GetValues<TEnum>().ToFrozenDictionary(
        value => value, value => KeyValuePair.Create(name, (object?)JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString())));

    /// <summary>The attribute with this value.</summary>
    public KeyValuePair<string, object?> this[TEnum value] => _values[value];

    /// <summary>The value's text.</summary>
    public string TextOf(TEnum value) => (string)_values[value].Value!;

    /// <summary>Adds 0 for each value.</summary>
    public void AddNothing(Counter<long> counter)
    {
        foreach (KeyValuePair<string, object?> attribute in _values.Values)
            counter.Add(0, attribute);
    }
}
