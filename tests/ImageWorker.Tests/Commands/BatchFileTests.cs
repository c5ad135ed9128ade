using System.Text;
using ImageWorker.Commands.Batches;
using ImageWorker.Contracts;
using ImageWorker.Hosting;

namespace ImageWorker.Tests.Commands;

public sealed class BatchFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("imageworker-test-");

    [Fact]
    public void A_row_of_CSV_is_the_command_of_its_fields_and_an_empty_cell_is_the_default()
    {
        var file = Read(
            "p.csv",
            "prompt,Count,uniqueGuard,maxCost,tenant,metadata.sku\n\"a \"\"red\"\" fox,\nin snow\",2,true,0.5,shop-7,4711\na blue fox,,,,,\n"
        );

        Assert.Empty(file.Faults);
        var (first, second) = (file.Rows[0].Command, file.Rows[1].Command);
        Assert.Equal(
            new GenerateImages
            {
                RequestId = first.RequestId,
                Prompt = "a \"red\" fox,\nin snow",
                Count = 2,
                UniqueGuard = true,
                MaxCost = 0.5m,
                Tenant = "shop-7",
                Style = "natural",
            },
            first with
            {
                Metadata = null,
            }
        );
        Assert.Equal("4711", first.Metadata!["sku"]);
        Assert.Equal((3, "natural", null), (second.Count, second.Style, second.Metadata));
    }

    [Theory]
    [InlineData("p.csv", "\uFEFFprompt;count\na red fox;2\n")]
    [InlineData("p.csv", "prompt\tcount\r\na red fox\t2\r\n")]
    [InlineData("p.csv", "count,prompt\n2,a red fox")]
    [InlineData("p.jsonl", "\n{\"prompt\": \"a red fox\", \"count\": 2}\n\n")]
    [InlineData("p.ndjson", "{\"prompt\": \"a red fox\", \"count\": \"2\"}")]
    [InlineData("p.txt", "prompt;count\na red fox;2\n")]
    [InlineData("p", "{\"prompt\": \"a red fox\", \"count\": 2}\n")]
    public void Every_form_of_a_file_is_read_the_same(string name, string text)
    {
        var file = Read(name, text);

        Assert.Empty(file.Faults);
        var row = Assert.Single(file.Rows);
        Assert.Equal(("a red fox", 2), (row.Command.Prompt, row.Command.Count));
        Assert.Equal(Read("q.csv", "prompt,count\na red fox,2\n").Rows[0].Command.RequestId, row.Command.RequestId);
    }

    [Theory]
    [InlineData("p.csv", "prompt,count\na,1\n\n\"b\nc\",2\nd,99\n", "line 6, column 2: count is 99, ")]
    [InlineData("p.csv", "prompt,metadata.a\n,1\n", "line 2, column 1: prompt is required")]
    [InlineData("p.csv", "prompt,n\na,3\n", "line 2, column 2: n is no field of GenerateImages, use count")]
    [InlineData("p.csv", "prompt\na, b\n", "line 2, column 2: there are only 1 columns; ")]
    [InlineData("p.csv", "prompt\na\n\"b\n", "line 3: a quote is out of place; ")]
    [InlineData("p.csv", "prompt\n\"a\"b\n", "line 2: a quote is out of place; ")]
    [InlineData("p.csv", "a red fox\n", "line 1: names no column 'prompt'; ")]
    [InlineData("p.csv", "prompt\n", " holds no row")]
    [InlineData("p.jsonl", "", " holds no row")]
    [InlineData("p.jsonl", "{\"prompt\": \"a\"}\n[]\n", "line 2: is no JSON object")]
    [InlineData("p.jsonl", "{\"prompt\":\n", "line 1, column 11: is no JSON")]
    [InlineData("p.jsonl", "{\"prompt\": \"a\", \"count\": \"x\"}\n", "line 1: count is 'x', ")]
    [InlineData("p.jsonl", "{\"prompt\": \"\\ud800\"}\n", "line 1: prompt is no Unicode text")]
    public void A_bad_row_is_named_by_line_and_column(string name, string text, string fault)
    {
        var file = Read(name, text);

        Assert.Contains(fault, Assert.Single(file.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_rows_cannot_have_one_id()
    {
        const string Row = "{\"requestId\": \"7c2e69a7-33b5-4c4d-aae5-b19acb00ab8f\", \"prompt\": \"a\"}\n";

        var file = Read("p.jsonl", Row + Row);

        Assert.EndsWith("line 2: requestId is that of line 1", Assert.Single(file.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_file_that_is_wrong_throughout_the_first_faults_are_told()
    {
        var file = Read("p.csv", "prompt,count\n" + string.Concat(Enumerable.Repeat("a,99\n", 1000)));

        Assert.Equal(21, file.Faults.Count);
        Assert.Equal("and 980 more; nothing was sent", file.Faults[^1]);
    }

    [Fact]
    public void Columns_of_other_names_are_told_once()
    {
        var file = Read("p.csv", "prompt,notes\na,x\nb,y\n");

        Assert.Empty(file.Faults);
        Assert.Equal("notes is no field of GenerateImages and is ignored", Assert.Single(file.Warnings));
    }

    [Fact]
    public void A_row_keeps_its_id_while_others_come_and_go_and_equal_rows_have_different_ones()
    {
        var before = Ids("prompt\na\nb\na\n");
        var after = Ids("prompt\nnew\na\na\nb\n");

        Assert.Equal(3, before.Distinct().Count());
        Assert.Equal([before[0], before[2], before[1]], after[1..]);
    }

    [Fact]
    public void A_row_that_asks_for_something_else_and_another_batch_have_other_ids()
    {
        var ids = Ids("prompt,count\na,1\n").Concat(Ids("prompt,count\na,2\n")).Concat(Ids("prompt,count\na,1\n", "2"));

        Assert.Equal(3, ids.Distinct().Count());
    }

    [Fact]
    public void A_file_that_is_no_UTF8_is_refused()
    {
        File.WriteAllBytes(At("p.csv"), Encoding.Latin1.GetBytes("prompt\nein schöner Fuchs\n"));

        var mistake = Assert.Throws<ConfigurationException>(() => BatchFile.Read(Plan("p.csv")));

        Assert.EndsWith("is no text in UTF-8. Save it as UTF-8.", mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_is_told_to_be_one()
    {
        var mistake = Assert.Throws<ConfigurationException>(() => BatchFile.Read(Plan("")));

        Assert.EndsWith("is a folder. Name a file.", mistake.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private List<Guid> Ids(string csv, string batch = "") =>
        Read("p.csv", csv, batch).Rows.ConvertAll(row => row.Command.RequestId);

    private BatchFile Read(string name, string text, string batch = "")
    {
        File.WriteAllText(At(name), text);
        return BatchFile.Read(Plan(name, batch));
    }

    private BatchPlan Plan(string name, string batch = "") =>
        new(
            At(name),
            new() { Count = 3, Style = "natural" },
            batch,
            MaxCost: null,
            Pictures: null,
            new(At("results.csv")),
            IsDryRun: false
        );

    private string At(string name) => Path.Combine(_folder.FullName, name);
}
