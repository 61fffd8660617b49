using System.Diagnostics.Tracing;
using System.Globalization;
using Microsoft.Diagnostics.NETCore.Client;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Soak;

/// <summary>What a server holds at a moment, right behind a full garbage collection.</summary>
/// <param name="At">Since the soak began.</param>
/// <param name="Heap">Megabytes (10^6) of live objects.</param>
/// <param name="Descriptors">Open descriptors.</param>
/// <param name="Threads">Threads of the process.</param>
/// <param name="Timers">Timers of the runtime: what waits for a time.</param>
/// <param name="Queued">Work that waits for a thread of the pool.</param>
internal sealed record ServerSample(TimeSpan At, double Heap, int Descriptors, int Threads, int Timers, int Queued)
{
    private const string RuntimeProvider = "Microsoft-Windows-DotNETRuntime";

    // GCHeapCollectKeyword: a session with it makes the runtime do a full, blocking collection when it begins (docs: "CLR ETW keywords").
    private const long CollectHeap = 0x800000;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    /// <summary>Makes the server collect, and takes a sample.</summary>
    public static async Task<ServerSample> TakeAsync(RabbitProcess server, TimeSpan at)
    {
        string key = (await server.ReadAdminKeyAsync()).Trim();
        double before = (await ScrapeAsync(server, key, _ => true))[FullCollections];
        await CollectAsync(server.Process.Id);
        // The page is made at most every 0.3 s, and shows the last collection's figures.
        MetricsPage page = await ScrapeAsync(server, key, page => page[FullCollections] > before);
        return new ServerSample(
            at, (page.Sum("dotnet_gc_last_collection_heap_size_bytes") - page.Sum("dotnet_gc_last_collection_heap_fragmentation_size_bytes")) / 1e6,
            server.Process.Descriptors, server.Process.Threads, (int)page.Sum("dotnet_timer_count"), (int)page.Sum("dotnet_thread_pool_queue_length_total"));
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"at {At.TotalSeconds:0} s: heap {Heap:0.00} MB, {Descriptors} descriptors, {Threads} threads, {Timers} timers, {Queued} queued");

    private const string FullCollections = "dotnet_gc_collections_total{gc_heap_generation=\"gen2\"}";

    private static async Task<MetricsPage> ScrapeAsync(RabbitProcess server, string key, Func<MetricsPage, bool> satisfies) =>
        (await Eventually.BecomesAsync(() => MetricsPage.TryScrapeAsync(server, key), page => page is not null && satisfies(page), Soon, "the metrics show it"))!;

    private static async Task CollectAsync(int process)
    {
        var client = new DiagnosticsClient(process);
        using EventPipeSession session = await client.StartEventPipeSessionAsync(
            [new EventPipeProvider(RuntimeProvider, EventLevel.Informational, CollectHeap)], requestRundown: false, circularBufferMB: 16, CancellationToken.None);
        // The stream must be read, or the session would not end.
        Task drained = session.EventStream.CopyToAsync(Stream.Null);
        await session.StopAsync(CancellationToken.None);
        await drained;
    }
}
