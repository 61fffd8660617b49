namespace Rabbit.Persistence.Management;

/// <summary>How the database's tables relate to this program.</summary>
/// <param name="Database">Where it is, without a password.</param>
/// <param name="Applied">How many migrations it has had.</param>
/// <param name="Missing">How many of this program's it lacks.</param>
/// <param name="Latest">The last one that it has had; empty before the first.</param>
/// <param name="Newer">One that this program does not know, or null.</param>
public sealed record DatabaseState(string Database, int Applied, int Missing, string Latest, string? Newer)
{
    /// <summary>One sentence when this program cannot work with it as it is, or null.</summary>
    public string? Problem => this switch
    {
        { Newer: not null } => $"The database ({Database}) was written by a newer Rabbit (migration {Newer}); use that version, or restore a backup.",
        { Applied: 0 } => $"The database ({Database}) has no tables of Rabbit; 'rabbit database migrate' or a start of the server makes them.",
        { Missing: > 0 } => $"The database ({Database}) is {Missing} {(Missing == 1 ? "migration" : "migrations")} behind this program; 'rabbit database migrate' or a start of the server brings it up to date.",
        _ => null,
    };
}
