using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Rabbit.Client.Commands;
using Rabbit.Client.Credentials;
using Rabbit.Client.Trust;
using Rabbit.Client.Tunnels;

namespace Rabbit.Client.Configuration;

/// <summary>A file of tunnels as it was read: either all of its tunnels, or all of its faults.</summary>
/// <param name="Tunnels">In the order of the file; none when there are faults.</param>
/// <param name="Faults">In the order of the file.</param>
/// <param name="Warnings">What works, and should still be changed.</param>
internal sealed partial record TunnelFile(IReadOnlyList<TunnelDefinition> Tunnels, IReadOnlyList<SettingFault> Faults, IReadOnlyList<string> Warnings)
{
    private const int LongestFile = 1024 * 1024;

    /// <summary>The files that the tunnels name, beside this one and sockets.</summary>
    public IReadOnlyList<ServiceCredential> Files { get; init; } = [];

    /// <summary>The tunnels whose token is in no file of its own.</summary>
    public IReadOnlyList<string> WithoutTokenFile { get; init; } = [];

    /// <summary>Reads a file.</summary>
    /// <param name="file">Its path; paths in it are relative to its directory.</param>
    /// <param name="store">Where to look for tokens that the file does not name.</param>
    /// <exception cref="FormatException">It cannot be read, in one sentence.</exception>
    public static TunnelFile Read(string file, TokenStore store)
    {
        byte[] text;
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length > LongestFile)
                throw new FormatException($"The file {file} is longer than {LongestFile} bytes; it can hold no tunnels.");
            text = new byte[stream.Length];
            stream.ReadExactly(text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"The file {file} cannot be read: {e.Message}", e);
        }
        return new Reading(file, store).Run(text);
    }

    /// <summary>The faults as lines <c>FILE:LINE: sentence</c>.</summary>
    public IEnumerable<string> Describe(string file) => Faults.Select(fault => string.Create(CultureInfo.InvariantCulture, $"{file}:{fault.Line}: {fault.Sentence}"));

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    private static partial Regex TunnelName();

    private sealed class Reading(string file, TokenStore store)
    {
        private readonly string _directory = Path.GetDirectoryName(Path.GetFullPath(file))!;
        private readonly List<SettingFault> _faults = [];
        private readonly List<string> _warnings = [];
        private readonly List<TunnelDefinition> _tunnels = [];
        private readonly List<ServiceCredential> _files = [];
        private readonly List<string> _withoutTokenFile = [];

        public TunnelFile Run(byte[] text)
        {
            if (SettingReader.Read(text, _faults) is { } root)
                ReadRoot(root);
            return new TunnelFile(_faults.Count == 0 ? _tunnels : [], [.. _faults.OrderBy(fault => fault.Line)], _warnings)
            {
                Files = _files,
                WithoutTokenFile = _withoutTokenFile,
            };
        }

        private void ReadRoot(SettingNode root)
        {
            if (root.Kind != JsonTokenType.StartObject)
            {
                Fault(root.Line, "The file must be an object, as in { \"tunnels\": { ... } }.");
                return;
            }
            CheckKeys(root, TunnelKeys.OfFile);
            if (root.Find(TunnelKeys.Tunnels) is not { Kind: JsonTokenType.StartObject, Members.Count: > 0 } tunnels)
            {
                Fault(root.Find(TunnelKeys.Tunnels)?.Line ?? root.Line, "tunnels must hold the tunnels by their names, as in \"tunnels\": { \"db\": { \"local_port\": 5432 } }.");
                return;
            }
            foreach (SettingMember tunnel in tunnels.Members)
                ReadTunnel(root, tunnel);
        }

        private void ReadTunnel(SettingNode root, SettingMember tunnel)
        {
            if (!TunnelName().IsMatch(tunnel.Key))
                Fault(tunnel.Line, $"'{tunnel.Key}' is no name for a tunnel: letters, digits, dots, hyphens and underscores, 64 at most.");
            if (tunnel.Value.Kind != JsonTokenType.StartObject)
            {
                Fault(tunnel.Value.Line, $"{tunnel.Value.Path} must be an object, as in {{ \"local_port\": 5432 }}.");
                return;
            }
            int before = _faults.Count;
            CheckKeys(tunnel.Value, TunnelKeys.All);
            var settings = new TunnelSettings(root, tunnel, _directory);
            try
            {
                ConnectArguments arguments = settings.ToArguments(store);
                if (_faults.Count > before)
                    return; // What follows from a wrong key is no fault of its own.
                var definition = new TunnelDefinition(tunnel.Key, ConnectOptions.Read(arguments));
                _ = new ServerTrust(definition.Options, KnownServers.Default(), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance); // Its files can be used.
                Warn(arguments, tunnel);
                _files.AddRange(settings.Files());
                if (arguments.TokenFile is null)
                    _withoutTokenFile.Add(tunnel.Key);
                Add(definition, tunnel);
            }
            catch (OptionException e)
            {
                Fault(settings.LineOf(e.Option), $"{tunnel.Value.Path}: {e.Message}");
            }
            catch (FormatException e)
            {
                Fault(tunnel.Line, $"{tunnel.Value.Path}: {e.Message}");
            }
        }

        private void Add(TunnelDefinition definition, SettingMember tunnel)
        {
            if (_tunnels.Find(other => other.Options.Token.Id == definition.Options.Token.Id && other.Options.Server == definition.Options.Server) is { } twin)
                Fault(tunnel.Line, $"{tunnel.Value.Path} has the token of tunnels.{twin.Name}; each tunnel needs one of its own, or the two take it from each other.");
            else
                _tunnels.Add(definition);
        }

        private void Warn(ConnectArguments arguments, SettingMember tunnel)
        {
            if (arguments.TokenFile is { } tokenFile && TokenFiles.IsReadableByOthers(tokenFile))
                _warnings.Add($"Other accounts of this machine can read the token in {tokenFile}; 'chmod 600' keeps it private");
            else if ((arguments.Token is not null || arguments.Uri?.Contains('@', StringComparison.Ordinal) == true) && TokenFiles.IsReadableByOthers(file))
                _warnings.Add($"Other accounts of this machine can read the token of {tunnel.Value.Path} in {file}; 'chmod 600' keeps it private");
        }

        private void CheckKeys(SettingNode node, string[] known)
        {
            foreach (SettingMember member in node.Members.Where(member => !known.Contains(member.Key)))
            {
                string meant = TunnelKeys.Nearest(member.Key, known) is { } nearest ? $"did you mean {nearest}?"
                    : known == TunnelKeys.OfFile && TunnelKeys.All.Contains(member.Key) ? "it belongs into a tunnel."
                    : $"there are {string.Join(", ", known)}.";
                Fault(member.Line, $"There is no setting {member.Value.Path}; {meant}");
            }
        }

        private void Fault(int line, string sentence) => _faults.Add(new SettingFault(line, sentence));
    }
}
