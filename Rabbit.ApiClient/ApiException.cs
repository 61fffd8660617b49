using System.Text.Json;

namespace Rabbit.ApiClient;

public partial class ApiException
{
    /// <summary>The sentence by which the server says what is wrong and what to do, or null when it did not answer as Rabbit does.</summary>
    public string? Sentence
    {
        get
        {
            try
            {
                using JsonDocument answer = JsonDocument.Parse(Response ?? "");
                return answer.RootElement.ValueKind == JsonValueKind.Object && answer.RootElement.TryGetProperty("error", out JsonElement error)
                    && error.ValueKind == JsonValueKind.String ? error.GetString() : null;
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }
}
