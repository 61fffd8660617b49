using Rabbit.Persistence.ConnectionLogs.Journal;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;
using Xunit.Sdk;

namespace Rabbit.Tests.Persistence.ConnectionLogs.Journal;

[Trait("Property", "P33")]
public sealed class ConnectionJournalTests
{
    private static readonly DateTimeOffset At = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Read_AfterAnyAppendsReleasesAndCrashes_EveryEntryInOrder()
    {
        int seed = Seed.Choose();
        var random = new Random(seed);
        using var directory = new TempDirectory();
        var written = new List<ConnectionLogEntry>();
        int released = 0;
        for (int run = 0; run < 8; run++)
        {
            using var journal = new ConnectionJournal(directory.Path, long.MaxValue);
            journal.Open();
            JournalPosition position = journal.Start;
            // What earlier runs have left is a tail of what was written, and all that was not released.
            List<ConnectionLogEntry> left = [];
            while (position != journal.StartOfThisRun)
                position = await ReadOnAsync(journal, position, left);
            Check(left.Count >= written.Count - released, "a released file held more than was released");
            Check(left.SequenceEqual(written[^left.Count..]), "what was left is not the end of what was written");

            int read = written.Count;
            for (int step = 0; step < 40; step++)
            {
                switch (random.Next(3))
                {
                    case 0:
                        var seen = new List<ConnectionLogEntry>();
                        position = await ReadOnAsync(journal, position, seen);
                        Check(seen.SequenceEqual(written.Skip(read).Take(seen.Count)), "read out of order");
                        read += seen.Count;
                        break;
                    case 1:
                        journal.Release(position);
                        released = read;
                        break;
                    default:
                        var batch = Enumerable.Range(0, random.Next(1, 3000)).Select(_ => RandomEntry(random)).ToList();
                        Check(await journal.TryAppendAsync(batch), "refused below its limit");
                        written.AddRange(batch);
                        break;
                }
            }
        }

        void Check(bool holds, string what)
        {
            if (!holds)
                throw new XunitException($"Seed {seed}: {what}.");
        }
    }

    [Fact]
    public async Task Read_LastRecordCutAtAnyByte_IsPassedOverAndTheRestIsThere()
    {
        using var directory = new TempDirectory();
        ConnectionLogEntry[] entries = [LogEntries.Of("a", At), LogEntries.Of("b", At)];
        using (var journal = new ConnectionJournal(directory.Path, long.MaxValue))
        {
            journal.Open();
            await journal.TryAppendAsync([entries[0]]);
            await journal.TryAppendAsync([entries[1]]);
        }
        string file = Assert.Single(Directory.GetFiles(directory.Path, "*.journal"));
        byte[] whole = await File.ReadAllBytesAsync(file, Cancellation);
        for (int length = whole.Length / 2; length < whole.Length; length++)
        {
            await File.WriteAllBytesAsync(file, whole[..length], Cancellation);
            using var journal = new ConnectionJournal(directory.Path, long.MaxValue);
            journal.Open();
            JournalBatch batch = await journal.ReadAsync(journal.Start, Cancellation);
            Assert.Equal([entries[0]], batch.Entries);
            Assert.Equal(length - (whole.Length / 2), batch.Unreadable);
            Assert.Equal(journal.StartOfThisRun, (await journal.ReadAsync(batch.Next, Cancellation)).Next);
        }
    }

    [Fact]
    public async Task Read_AnyBitFlipped_IsNoEntryThatWasNotWritten()
    {
        using var directory = new TempDirectory();
        ConnectionLogEntry[] entries = [LogEntries.Of("a", At), LogEntries.Of("b", At)];
        using (var journal = new ConnectionJournal(directory.Path, long.MaxValue))
        {
            journal.Open();
            await journal.TryAppendAsync(entries);
        }
        string file = Assert.Single(Directory.GetFiles(directory.Path, "*.journal"));
        byte[] whole = await File.ReadAllBytesAsync(file, Cancellation);
        for (int bit = 0; bit < whole.Length * 8; bit++)
        {
            byte[] damaged = [.. whole];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            await File.WriteAllBytesAsync(file, damaged, Cancellation);
            using var journal = new ConnectionJournal(directory.Path, long.MaxValue);
            journal.Open();
            JournalBatch batch = await journal.ReadAsync(journal.Start, Cancellation);
            Assert.All(batch.Entries, entry => Assert.Contains(entry, entries));
            Assert.True(batch.Unreadable > 0, $"Bit {bit}: nobody noticed.");
        }
    }

    [Fact]
    public async Task Append_WhileAllIsReleased_KeepsNoLongFile()
    {
        using var directory = new TempDirectory();
        using var journal = new ConnectionJournal(directory.Path, long.MaxValue);
        journal.Open();
        ConnectionLogEntry[] batch = [.. Enumerable.Range(0, 1000).Select(_ => LogEntries.Of("token", At))];
        JournalPosition position = journal.Start;
        for (int i = 0; i < 100; i++)
        {
            Assert.True(await journal.TryAppendAsync(batch));
            JournalPosition before;
            do
            {
                before = position;
                position = (await journal.ReadAsync(position, Cancellation)).Next;
                journal.Release(position);
            }
            while (position != before);
            Assert.InRange(journal.Length, 1, 1_200_000);
        }
        Assert.Single(Directory.GetFiles(directory.Path, "*.journal"));
    }

    [Fact]
    public async Task Append_OverTheLimit_IsRefusedWholeAndFitsAgainAfterARelease()
    {
        using var directory = new TempDirectory();
        using var journal = new ConnectionJournal(directory.Path, 20_000_000);
        journal.Open();
        ConnectionLogEntry[] batch = [.. Enumerable.Range(0, 5000).Select(_ => LogEntries.Of("token", At))];
        while (await journal.TryAppendAsync(batch))
            Assert.InRange(journal.Length, 1, 20_000_000);
        Assert.True(journal.Length > 19_000_000);

        JournalPosition position = journal.Start;
        int read = 0;
        for (JournalBatch next = await journal.ReadAsync(position, Cancellation); next.Next != position; next = await journal.ReadAsync(position, Cancellation))
        {
            position = next.Next;
            read += next.Entries.Count;
        }
        Assert.Equal(0, read % batch.Length);
        journal.Release(position);
        Assert.True(await journal.TryAppendAsync(batch));
    }

    private static async Task<JournalPosition> ReadOnAsync(ConnectionJournal journal, JournalPosition position, List<ConnectionLogEntry> into)
    {
        JournalBatch batch = await journal.ReadAsync(position, Cancellation);
        Assert.Equal(0, batch.Unreadable);
        into.AddRange(batch.Entries);
        return batch.Next;
    }

    private static ConnectionLogEntry RandomEntry(Random random) => new(
        Guid.NewGuid(), $"team {random.Next()}", $"token {random.Next()}", random.Next(2) == 0 ? null : Guid.NewGuid(), random.Next(65536),
        new string('x', random.Next(40)), random.Next(65536), At.AddTicks(random.NextInt64(1L << 40)), TimeSpan.FromTicks(random.NextInt64(1L << 40)),
        random.NextInt64(), random.NextInt64(), (ConnectionStatus)random.Next(5), new string('é', random.Next(200)));
}
