using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rabbit.Host.Api.Answers;

/// <summary>
/// Enumerations by their names and nothing else. (The framework's converter also takes "http, ssh" for a value, and makes one of it.)
/// </summary>
internal sealed class EnumJson : JsonConverterFactory
{
    /// <inheritdoc/>
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsEnum;

    /// <inheritdoc/>
    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert))!;

    private sealed class Converter<T> : JsonConverter<T>
        where T : struct, Enum
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && EnumText<T>.TryParse(reader.GetString(), out T value) ? value : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(EnumText<T>.Of(value));
    }
}
