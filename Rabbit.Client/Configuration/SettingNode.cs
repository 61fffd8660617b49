using System.Text.Json;

namespace Rabbit.Client.Configuration;

/// <summary>A value in a file of tunnels, which knows where it stands.</summary>
/// <param name="Path">Such as <c>tunnels.db.local_port</c>.</param>
/// <param name="Line">From 1 on.</param>
/// <param name="Kind">What it is in JSON.</param>
/// <param name="Text">Of a string, number or flag: as text; else null.</param>
/// <param name="Members">Of an object: its members in their order; else nothing.</param>
internal sealed record SettingNode(string Path, int Line, JsonTokenType Kind, string? Text, IReadOnlyList<SettingMember> Members)
{
    /// <summary>The member's value, or null.</summary>
    public SettingNode? Find(string key) => Members.FirstOrDefault(member => member.Key == key)?.Value;
}

/// <summary>A member of an object.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Line">Where the key stands, from 1 on.</param>
/// <param name="Value">Its value.</param>
internal sealed record SettingMember(string Key, int Line, SettingNode Value);
