// The two engines that Scoop reads foreign files with, as commands:
//   scoop_engines.exe jsonpath FILE PATH          the token at PATH, by Json.NET
//   scoop_engines.exe hash FILE NAME              the digest beside NAME, by .NET's regular expressions
using System;
using System.IO;
using System.Text.RegularExpressions;
using Newtonsoft.Json.Linq;

static class ScoopEngines
{
    static int Main(string[] words)
    {
        string text = File.ReadAllText(words[1]);
        if (words[0] == "jsonpath")
        {
            Console.WriteLine(JObject.Parse(text).SelectToken(words[2], true).ToString());
            return 0;
        }
        // find_hash_in_textfile of Scoop's lib/autoupdate.ps1: a bare digest, or a digest and the file's name.
        string name = Regex.Escape(words[2]);
        string named = @"([a-fA-F0-9]{32,128})[\x20\t]+.*" + name + @"(?:\s|$)|" + name + @"[\x20\t]+.*?([a-fA-F0-9]{32,128})";
        foreach (string pattern in new[] { @"^\s*([a-fA-F0-9]+)\s*$", named })
        {
            Match match = Regex.Match(text, pattern, RegexOptions.IgnoreCase);
            if (match.Success)
            {
                Console.WriteLine(match.Groups[1].Value.ToLowerInvariant());
                return 0;
            }
        }
        return 1;
    }
}
