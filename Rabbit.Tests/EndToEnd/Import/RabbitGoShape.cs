namespace Rabbit.Tests.EndToEnd.Import;

/// <summary>The kinds of tables that rabbit.go has had.</summary>
public enum RabbitGoShape
{
    /// <summary>Teams of its own in "Team"; every port is unique.</summary>
    First,

    /// <summary>Teams in the "Team" of an application, with names of its kind.</summary>
    Application,

    /// <summary>Teams in rabbit_teams; a port that is taken is marked as reserved, and others may be there twice.</summary>
    Standalone,
}
