namespace Rabbit.Persistence;

/// <summary>Numbers of this project's log events (5000-5999); see the list of ranges in Rabbit.Tunneling.</summary>
internal static class EventIds
{
    public const int MigrationsApplied = 5000;
    public const int WriteRetried = 5001;
    public const int ChangeDropped = 5002;
    public const int LogEntriesDropped = 5003;
    public const int OpenRowsClosed = 5004;
    public const int LiveSessionsAway = 5005;
    public const int ChangesLost = 5006;
    public const int LogEntriesLost = 5007;
    public const int RevocationsAway = 5030;
}
