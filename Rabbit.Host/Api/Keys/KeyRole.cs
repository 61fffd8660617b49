using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api.Keys;

/// <summary>What a key may do.</summary>
internal enum KeyRole
{
    /// <summary>Everything.</summary>
    Admin,

    /// <summary>See everything.</summary>
    ReadOnly,

    /// <summary>See one team, and change its tokens and sessions.</summary>
    Team,
}

/// <summary>The roles as they are stored.</summary>
internal static class KeyRoles
{
    public static string ToStored(this KeyRole role) => role switch
    {
        KeyRole.Admin => ApiKeyStore.AdminRole,
        KeyRole.ReadOnly => ApiKeyStore.ReadOnlyRole,
        _ => ApiKeyStore.TeamRole,
    };

    public static KeyRole Parse(string stored) => Enum.GetValues<KeyRole>().Single(role => role.ToStored() == stored);
}
