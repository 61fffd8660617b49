using System.Globalization;
using Rabbit.Fuzz;
using Rabbit.Fuzz.Mutation;
using Rabbit.Fuzz.Strangers;
using SharpFuzz;

// rabbit-fuzz TARGET                             under afl-fuzz: inputs one after the other
// rabbit-fuzz TARGET FILE...                     each file once
// rabbit-fuzz TARGET --mutate SECONDS FILE...    each file once, and then mutations of them
// rabbit-fuzz strangers PORT COUNT RATE SEED FILE...  so many connections to a control port of this machine, RATE a second (docs/security.md)
if (args is ["strangers", var port, var count, var rate, var seed, .. { Length: > 0 } words])
{
    return await new StrangerRun(Number(port), Number(count), Number(rate), Number(seed), [.. words.Select(File.ReadAllBytes)]).RunAsync() ? 0 : 1;
}

if (args is not [var name, .. var files] || FuzzTarget.All.FirstOrDefault(target => target.Name == name) is not { } chosen)
{
    Console.Error.WriteLine($"rabbit-fuzz: name a target: {string.Join(", ", FuzzTarget.All.Select(target => target.Name))}; and files to run it on, if not under afl-fuzz.");
    return 2;
}

switch (files)
{
    case []:
        Fuzzer.OutOfProcess.Run(stream =>
        {
            using var input = new MemoryStream();
            stream.CopyTo(input);
            chosen.Run(input.ToArray());
        });
        return 0;
    case ["--mutate", var seconds, .. { Length: > 0 } corpus]:
        return new MutationRun(chosen, TimeProvider.System).Run([.. corpus.Select(File.ReadAllBytes)], TimeSpan.FromSeconds(Number(seconds))) ? 0 : 1;
    default:
        foreach (string file in files)
            chosen.Run(File.ReadAllBytes(file));
        Console.WriteLine($"{chosen.Name}: {files.Length} inputs hold.");
        return 0;
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
