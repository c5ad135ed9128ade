using System.Security.Cryptography;
using System.Text;

namespace ImageWorker.Operations.Pages;

/// <summary>The style of all pages, part of each. Browsers are told to take it by its hash, and no other.</summary>
public static class PageStyle
{
    public const string Css = """
        :root { color-scheme: light dark; --line: #d8dce2; --soft: #5c6673; --tile: #f4f6f8; --bad: #b00020; --good: #12703c; }
        @media (prefers-color-scheme: dark) {
            :root { --line: #3a414b; --soft: #a0a9b5; --tile: #22272e; --bad: #ff7b84; --good: #5fce90; }
        }
        * { box-sizing: border-box; }
        body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1.25rem; max-width: 76rem; }
        header { display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: baseline; border-bottom: 1px solid var(--line); padding-bottom: .6rem; }
        h1 { font-size: 1.35rem; margin: 0; overflow-wrap: anywhere; }
        h2 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
        header p, .none { color: var(--soft); margin: 0; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .6rem; margin: 0; }
        .tiles div { background: var(--tile); border-radius: .4rem; padding: .55rem .8rem; }
        .tiles dt { color: var(--soft); font-size: .85rem; }
        .tiles dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
        .tiles small { display: block; font-size: .8rem; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { text-align: left; padding: .3rem 1.2rem .3rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; vertical-align: top; }
        th { color: var(--soft); font-weight: 500; font-size: .85rem; }
        .details td:last-child { white-space: normal; min-width: 18rem; overflow-wrap: anywhere; }
        .requests :is(th, td):nth-child(n + 4) { text-align: right; }
        .requests td:first-child { font-family: ui-monospace, monospace; font-size: .92em; }
        .bad { color: var(--bad); font-weight: 600; }
        .good { color: var(--good); }
        a { color: inherit; text-underline-offset: .15em; }
        @media (max-width: 40rem) {
            .requests a { display: inline-block; max-width: 8ch; overflow: hidden; vertical-align: bottom; }
            .details td:last-child { min-width: 11rem; }
            th, td { padding-right: .8rem; }
        }
        """;

    /// <summary>As a <c>Content-Security-Policy</c> names it.</summary>
    public static readonly string Hash =
        $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Css)))}";
}
