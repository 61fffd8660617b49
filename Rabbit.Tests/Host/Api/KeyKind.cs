namespace Rabbit.Tests.Host.Api;

/// <summary>What a request may carry.</summary>
internal enum KeyKind
{
    None,
    Wrong,
    Expired,
    ReadOnly,
    OwnTeam,
    OtherTeam,
    Admin,
}
