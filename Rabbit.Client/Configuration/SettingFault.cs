namespace Rabbit.Client.Configuration;

/// <summary>What is wrong in a file.</summary>
/// <param name="Line">Where, from 1 on.</param>
/// <param name="Sentence">What, and what to do.</param>
internal readonly record struct SettingFault(int Line, string Sentence);
