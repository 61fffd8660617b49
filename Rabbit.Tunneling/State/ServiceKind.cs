using System.Text.Json.Serialization;

namespace Rabbit.Tunneling.State;

/// <summary>What a tunnel's local service speaks, as declared with its token; it decides how an absent client is explained.</summary>
public enum ServiceKind
{
    Unknown,
    Postgres,
    [JsonStringEnumMemberName("mysql")]
    MySql,
    Redis,
    Http,
    Ssh,
    Other,
}
