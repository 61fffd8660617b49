using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Commands.Api;

/// <summary>Runs commands over an API, with a key of their own.</summary>
internal sealed class ApiRun : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly string _address;

    /// <param name="address">Of the API.</param>
    /// <param name="key">The API key.</param>
    public ApiRun(string address, string key = "rbk_abc_def")
    {
        _address = address;
        File.WriteAllText(KeyFile, key + "\n");
    }

    /// <summary>As a server's operator does, with its data directory.</summary>
    public static ApiRun On(Installation installation, RabbitProcess server) =>
        new(server.Api.Address.AbsoluteUri, File.ReadAllText(Path.Combine(installation.Data, "admin.key")).Trim());

    public string KeyFile => _directory.File("key");

    /// <summary>A name in a directory of its own.</summary>
    public string FileNamed(string name) => _directory.File(name);

    /// <summary>Runs a command; it must succeed. What it wrote to standard output.</summary>
    public async Task<string> SucceedAsync(params string[] arguments)
    {
        CommandRun run = await RunAsync(arguments);
        Assert.True(run.Status == 0, $"{run}");
        return run.Output;
    }

    /// <summary>Runs a command; it must fail with this status. Its one sentence.</summary>
    public async Task<string> FailAsync(int status, params string[] arguments)
    {
        CommandRun run = await RunAsync(arguments);
        Assert.True(run.Status == status, $"{run}");
        Assert.StartsWith("rabbit: ", run.Error, StringComparison.Ordinal);
        Assert.EndsWith(".", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', run.Error);
        return run.Error;
    }

    public Task<CommandRun> RunAsync(params string[] arguments) =>
        CommandRun.OfAsync(Programs.Rabbit, [.. arguments, "--api", _address, "--key-file", KeyFile]);

    /// <summary>Starts a command that goes on until it is ended.</summary>
    public RunningProcess Start(params string[] arguments) =>
        RunningProcess.Start($"rabbit {arguments[0]}", Programs.Rabbit, [.. arguments, "--api", _address, "--key-file", KeyFile]);

    public void Dispose() => _directory.Dispose();
}
