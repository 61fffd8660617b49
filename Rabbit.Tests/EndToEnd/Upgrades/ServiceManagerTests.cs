using System.Text.RegularExpressions;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Upgrades;

/// <summary>Under a service manager that speaks systemd's protocol: what it is told, and that it keeps the listening sockets over a crash.</summary>
public sealed partial class ServiceManagerTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [Fact]
    [Trait("Property", "P23")]
    [Trait("Property", "P27")]
    [Trait("Property", "P49")]
    public async Task ServerKilledUnderLoad_ListenersParked_VisitorsWaitAndAreServed()
    {
        await using Installation installation = await Installation.CreateAsync();
        // On a busy machine the server's start alone may take longer than clients usually need.
        RabbitProcess managed = installation.LaunchManaged(("RABBIT_CLIENT_RETURN_TIME", "00:01:00"));
        await managed.WaitUntilListeningAsync();
        await using SteadyVisitors visitors = await SteadyVisitors.BeginAsync(managed, each: 1);
        await visitors.SeeMoreAsync(20);
        // Whoever is being served when the server dies is cut; so none is.
        await visitors.PauseAsync();
        for (int crash = 0; crash < 2; crash++)
        {
            int mark = managed.Process.Mark;
            RunningProcess.SendTo(await managed.ReadManagedIdAsync(), Signal.Kill);
            visitors.Resume();
            await managed.Process.WaitForLineAsync("Control port listening on", Soon, mark);
            await visitors.SeeMoreAsync(20);
            await visitors.PauseAsync();
        }
        await visitors.EndAsync();
        managed.Process.Send(Signal.Term);
        Assert.Equal(0, await managed.Process.WaitForExitAsync(Soon));
    }

    [Fact]
    [Trait("Property", "P34")]
    public async Task StartTakeoverAndStop_AreToldToTheManager()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess managed = installation.LaunchManaged();
        await managed.Process.WaitForLineAsync("manager: READY=1", Soon);
        await managed.WaitUntilListeningAsync();
        TestToken token = await managed.CreateTokenAsync();
        using (await NativePeer.LoginAsync(managed.ControlPort, token))
            await managed.Process.WaitForLineAsync($"manager: FDSTORE=1 FDNAME=tunnel-{token.Port}", Soon);
        foreach (string name in new[] { "control", "api" })
            await managed.Process.WaitForLineAsync($"manager: FDSTORE=1 FDNAME={name}", Soon);

        // As ExecReload= does it: the command returns when the new server serves.
        int old = await managed.ReadManagedIdAsync();
        int mark = managed.Process.Mark;
        managed.Process.Send(Signal.HangUp);
        await managed.Process.WaitForLineAsync("manager: reload ended with 0", Soon, mark);
        await managed.Process.WaitForLineAsync("manager: RELOADING=1 MONOTONIC_USEC=", Soon, mark);
        await managed.Process.WaitForLineAsync(MainLine(), Soon, mark);
        await managed.Process.WaitForLineAsync($"manager: {old} ended with 0", Soon, mark);

        // Its port is given up with its token, and not before.
        Assert.DoesNotContain(managed.Process.Lines, line => line.Contains("FDSTOREREMOVE", StringComparison.Ordinal) || line.Contains("STOPPING", StringComparison.Ordinal));
        await managed.Api.DeleteTokenAsync(token);
        await managed.Process.WaitForLineAsync($"manager: FDSTOREREMOVE=1 FDNAME=tunnel-{token.Port}", Soon, mark);

        managed.Process.Send(Signal.Term);
        await managed.Process.WaitForLineAsync("manager: STOPPING=1 EXTEND_TIMEOUT_USEC=", Soon, mark);
        Assert.Equal(0, await managed.Process.WaitForExitAsync(Soon));
        // For a restart, during which visitors wait.
        Assert.Single(managed.Process.Lines, line => line.Contains("FDSTOREREMOVE", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"manager: MAINPID=\d+ READY=1")]
    private static partial Regex MainLine();
}
