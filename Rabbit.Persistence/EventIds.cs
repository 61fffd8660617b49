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
    public const int LogEntriesLost = 5007; // Retired: what a stop leaves is in the journal.
    public const int JournalFailed = 5008;
    public const int JournalMended = 5009;
    public const int JournalLeft = 5010;
    public const int JournalUnreadable = 5011;
    public const int WritesGoOn = 5012;
    public const int RowsRemoved = 5013;
    public const int PartitionDropped = 5014;
    public const int RetentionWaits = 5015;
    public const int RetentionFailed = 5016;
    public const int RetentionUnreadable = 5017;
    public const int LogRowsFailed = 5018;
    public const int PortRangeOverlaps = 5020;
    public const int RevocationsAway = 5030;
    public const int StatisticsWait = 5040;
    public const int StatisticsFailed = 5041;
    public const int LeftJournalFailed = 5050;
    public const int ClusterRedisAway = 5060;
    public const int ClusterRedisBack = 5061;
    public const int ClusterNameTaken = 5062;
    public const int ClusterCheckFailed = 5063;
    public const int DutiesTaken = 5064;
}
