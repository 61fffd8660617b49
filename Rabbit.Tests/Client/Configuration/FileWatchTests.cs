using Rabbit.Client.Configuration;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Client.Configuration;

public sealed class FileWatchTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly string _file;

    public FileWatchTests()
    {
        _file = _directory.File("tunnels.json");
        File.WriteAllText(_file, "a");
    }

    [Fact]
    public void Look_FileChanged_WaitsUntilItStaysTheSame()
    {
        var watch = new FileWatch(_file, TimeProvider.System);
        Assert.False(watch.Look());
        File.AppendAllText(_file, "b");
        Assert.False(watch.Look());
        File.AppendAllText(_file, "c");
        Assert.False(watch.Look());
        Assert.True(watch.Look());
        Assert.False(watch.Look());
    }

    [Fact]
    public void Look_LinkLeadsElsewhere_IsAChange()
    {
        string link = _directory.File("link");
        File.WriteAllText(_directory.File("next"), "a");
        File.CreateSymbolicLink(link, _file);
        var watch = new FileWatch(link, TimeProvider.System);
        File.Delete(link);
        Assert.False(watch.Look());
        Assert.False(watch.Look());
        File.CreateSymbolicLink(link, _directory.File("next"));
        Assert.False(watch.Look());
        Assert.True(watch.Look());
    }

    [Fact]
    public async Task Wait_Demanded_Completes()
    {
        var watch = new FileWatch(_file, TimeProvider.System);
        Task change = watch.WaitAsync(TestContext.Current.CancellationToken);
        Assert.False(change.IsCompleted);
        watch.Demand();
        await change.WaitAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose() => _directory.Dispose();
}
