using System.CommandLine;

namespace Rabbit.Benchmarks.Herd;

/// <summary><c>herd</c>: many clients lose their server and come back to it.</summary>
internal static class HerdCommand
{
    public static bool Match(string[] args) => args is ["herd", ..];

    public static Task<int> RunAsync(string[] args)
    {
        var server = new Option<string>("--server") { Description = "The program rabbit.", DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "../../Rabbit.Host/release/rabbit") };
        var database = new Option<string>("--database") { Description = "postgres://name@host/database, empty; without it SQLite.", DefaultValueFactory = _ => "" };
        var clients = new Option<int>("--clients") { Description = "How many; each costs the server two descriptors.", DefaultValueFactory = _ => 1000 };
        var oneAddress = new Option<bool>("--one-address") { Description = "All behind one address, as behind a NAT." };
        var channels = new Option<int>("--channels") { Description = "Data channels of each." };
        var down = new Option<double>("--down") { Description = "Seconds for which the server is away.", DefaultValueFactory = _ => 0 };
        var stop = new Option<bool>("--stop") { Description = "Stop the server in order instead of killing it." };
        var limit = new Option<double>("--limit") { Description = "Seconds after which all must be back.", DefaultValueFactory = _ => 120 };
        var seed = new Option<int>("--seed") { Description = "Of the random waits.", DefaultValueFactory = _ => 1 };
        var herd = new Command("herd", "Ends a server under many clients, starts it again, and measures how they come back.")
        {
            server, database, clients, oneAddress, channels, down, stop, limit, seed,
        };
        herd.SetAction((parsed, cancellationToken) => HerdRun.RunAsync(
            new HerdOptions(
                parsed.GetValue(server)!, parsed.GetValue(database)!, parsed.GetValue(clients), parsed.GetValue(oneAddress), parsed.GetValue(channels),
                TimeSpan.FromSeconds(parsed.GetValue(down)), !parsed.GetValue(stop), TimeSpan.FromSeconds(parsed.GetValue(limit)), parsed.GetValue(seed)),
            cancellationToken));
        return new RootCommand("Measures a server.") { herd }.Parse(args).InvokeAsync();
    }
}
