using YamlDotNet.RepresentationModel;

namespace Rabbit.Tests.Packages;

/// <summary>YAML as nested maps.</summary>
internal static class Yaml
{
    /// <summary>The documents of a file.</summary>
    public static IReadOnlyList<YamlMappingNode> Read(params string[] path)
    {
        var stream = new YamlStream();
        using var reader = new StringReader(Repository.Read(path));
        stream.Load(reader);
        return [.. stream.Documents.Select(document => (YamlMappingNode)document.RootNode)];
    }

    /// <summary>What is at these keys, one within the other; null where there is nothing.</summary>
    public static YamlNode? At(this YamlNode node, params string[] keys)
    {
        YamlNode? at = node;
        foreach (string key in keys)
            at = at is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? value) ? value : null;
        return at;
    }

    /// <summary>The text of a value, or null.</summary>
    public static string? Text(this YamlNode node, params string[] keys) => (node.At(keys) as YamlScalarNode)?.Value;

    /// <summary>The values of a list; of a map its keys.</summary>
    public static IEnumerable<string> Texts(this YamlNode node, params string[] keys) => node.At(keys) switch
    {
        YamlSequenceNode list => list.Select(one => ((YamlScalarNode)one).Value!),
        YamlMappingNode map => map.Children.Keys.Select(one => ((YamlScalarNode)one).Value!),
        _ => [],
    };

    /// <summary>The maps of a list.</summary>
    public static IEnumerable<YamlMappingNode> Items(this YamlNode node, params string[] keys) =>
        (node.At(keys) as YamlSequenceNode)?.Cast<YamlMappingNode>() ?? [];
}
