namespace Rabbit.Tests.Support;

/// <summary>A directory of this test alone, removed with all that is in it.</summary>
internal sealed class TempDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("rabbit-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A process that was just killed may still be letting go of a file; test.sh removes the rest.
        }
    }
}
