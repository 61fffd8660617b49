using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using Rabbit.Benchmarks;
using Rabbit.Benchmarks.Database;
using Rabbit.Benchmarks.Herd;

// Before the first socket, as in the programs: continuations run on the thread that found the socket ready.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

if (DatabaseCommands.Match(args))
    return await DatabaseCommands.RunAsync(args);
if (HerdCommand.Match(args))
    return await HerdCommand.RunAsync(args);

// --smoke runs every benchmark once, in this process, to see that each still works; its times mean nothing.
bool smoke = args is ["--smoke"];
Summary[] summaries = [.. BenchmarkSwitcher.FromAssembly(typeof(BenchmarkSettings).Assembly).Run(
    smoke ? ["--filter", "*"] : args,
    smoke ? BenchmarkSettings.Smoke() : BenchmarkSettings.Measure())];

bool failed = summaries.Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success));
bool ranNothing = !summaries.Any(summary => summary.Reports.Length > 0);
bool wasToRun = smoke || args.Contains("--filter");
if (!failed && !(wasToRun && ranNothing))
    return 0;
Console.Error.WriteLine(failed ? "A benchmark failed; its exception is above." : "No benchmark matches the filter.");
return 1;
