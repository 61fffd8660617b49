using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Rabbit.Persistence.Model;

/// <summary>Stores an enum as its name in lower case, so that a person reading the table understands it.</summary>
internal sealed class LowerCaseEnum<TEnum>() : ValueConverter<TEnum, string>(
    value => ToText(value), text => Enum.Parse<TEnum>(text, true))
    where TEnum : struct, Enum
{
    public static string ToText(TEnum value) => value.ToString().ToLowerInvariant();
}
