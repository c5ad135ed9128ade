using FsCheck.Xunit;
using ImageWorker.Requests;

namespace ImageWorker.Tests.Requests;

public sealed class SubmissionIdTests
{
    [Theory]
    [InlineData(0, 1, "6qkewdn574s4ci56")]
    [InlineData(1, 2, "lr5sgpuacgfoiypt")]
    public void An_id_is_the_same_in_every_version(int image, int attempt, string id) =>
        Assert.Equal(id, SubmissionId.Derive(new("00112233-4455-6677-8899-aabbccddeeff"), image, attempt));

    [Property]
    public bool An_id_has_sixteen_lower_case_letters_and_digits(Guid request, int image, int attempt) =>
        SubmissionId.Derive(request, image, attempt) is { Length: 16 } id
        && id.All(c => c is (>= 'a' and <= 'z') or (>= '2' and <= '7'));

    [Property]
    public bool The_same_submission_has_the_same_id_and_any_other_another(Guid request, byte image, byte attempt)
    {
        var id = SubmissionId.Derive(request, image, attempt);
        return id == SubmissionId.Derive(request, image, attempt)
            && id != SubmissionId.Derive(request, image + 1, attempt)
            && id != SubmissionId.Derive(request, image, attempt + 1)
            && id != SubmissionId.Derive(Guid.NewGuid(), image, attempt);
    }

    [Fact]
    public void No_two_submissions_of_a_request_share_an_id()
    {
        var request = Guid.NewGuid();

        var ids = from image in Enumerable.Range(0, 20) from attempt in Enumerable.Range(1, 21) select (image, attempt);

        Assert.Equal(
            420,
            ids.Select(x => SubmissionId.Derive(request, x.image, x.attempt)).Distinct(StringComparer.Ordinal).Count()
        );
    }
}
