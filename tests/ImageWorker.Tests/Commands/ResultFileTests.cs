using ImageWorker.Commands.Batches;
using ImageWorker.Hosting;

namespace ImageWorker.Tests.Commands;

public sealed class ResultFileTests : IDisposable
{
    private static readonly BatchResult Ready = new()
    {
        Row = 2,
        RequestId = Guid.NewGuid(),
        State = RowState.Ready,
        Generated = 1,
        Failed = 1,
        Cost = 0.0760m,
        Urls = ["https://pictures.example/0.png", ""],
        Files = ["row-0002-image-0.png"],
        Errors = ["image 1: CONTENT_POLICY_VIOLATION"],
    };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("imageworker-test-");

    public static TheoryData<string> Names { get; } = ["r.csv", "r.jsonl"];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_next_run_knows_what_was_closed(string name)
    {
        using (var results = ResultFile.Read(At(name)))
        {
            results.Begin();
            results.Add(Ready);
            results.Complete([Unfinished(1), Unfinished(2) with { RequestId = Ready.RequestId }]);
        }

        using var next = ResultFile.Read(At(name));

        var closed = next.ClosedBefore(Ready.RequestId)!;
        Assert.Equal((Ready.State, Ready.Generated, Ready.Failed), (closed.State, closed.Generated, closed.Failed));
        Assert.Equal(Ready.Cost, closed.Cost);
        Assert.Equal(Ready.Urls, closed.Urls);
        Assert.Equal(Ready.Files, closed.Files);
        Assert.Equal(Ready.Errors, closed.Errors);
        Assert.Equal(2 + (name == "r.csv" ? 1 : 0), File.ReadAllLines(At(name).FullName).Length);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Of_a_run_that_was_killed_the_whole_lines_count(string name)
    {
        using (var results = ResultFile.Read(At(name)))
        {
            results.Begin();
            results.Add(Ready);
            results.Add(Ready with { RequestId = Guid.NewGuid() });
        }
        using (var file = File.OpenWrite(At(name).FullName))
            file.SetLength(file.Length - 9);

        using var next = ResultFile.Read(At(name));

        Assert.NotNull(next.ClosedBefore(Ready.RequestId));
    }

    [Theory]
    [InlineData("r.csv", "prompt,count\na fox,2\n")]
    [InlineData("r.csv", "a,b,c,d,e,f,g,h,i,j\n1,2,3,4,5,6,7,8,9,10\n")]
    [InlineData("r.jsonl", "{\"prompt\": \"a fox\"}\n")]
    [InlineData("r.jsonl", "prompt\n")]
    [InlineData("r.jsonl", "null\n")]
    public void Another_file_of_the_name_is_not_written_over(string name, string text)
    {
        File.WriteAllText(At(name).FullName, text);

        var mistake = Assert.Throws<ConfigurationException>(() => ResultFile.Read(At(name)));

        Assert.EndsWith(
            " is there and holds no results of a batch. Name another file.",
            mistake.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(text, File.ReadAllText(At(name).FullName));
    }

    [Fact]
    public void Two_runs_do_not_write_one_file()
    {
        using var one = ResultFile.Read(At("r.csv"));
        one.Begin();

        Assert.Throws<ConfigurationException>(() => ResultFile.Read(At("r.csv")));
    }

    [Fact]
    public void What_ZPK_says_is_no_formula_in_a_spreadsheet()
    {
        using (var results = ResultFile.Read(At("r.csv")))
        {
            results.Begin();
            results.Add(Ready with { Errors = ["=HYPERLINK(\"https://evil.example\")"] });
        }

        Assert.Contains("'=HYPERLINK(", File.ReadAllText(At("r.csv").FullName), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static BatchResult Unfinished(int row) =>
        new()
        {
            Row = row,
            RequestId = Guid.NewGuid(),
            State = RowState.NotSent,
        };

    private FileInfo At(string name) => new(Path.Combine(_folder.FullName, name));
}
