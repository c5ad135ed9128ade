using ImageWorker.Requests;

namespace ImageWorker.Tests.Requests;

public sealed class DerivedMessageIdTests
{
    private static readonly Guid Request = new("00112233-4455-6677-8899-aabbccddeeff");

    [Fact]
    public void An_id_is_the_same_in_every_version() =>
        Assert.Equal(new("bba2a0c9-e5fa-217c-f445-f2ec59af8a91"), DerivedMessageId.ForClosing(Request));

    [Fact]
    public void Different_events_have_different_ids()
    {
        Guid[] ids =
        [
            DerivedMessageId.ForClosing(Request),
            DerivedMessageId.ForClosing(Guid.NewGuid()),
            DerivedMessageId.ForImage(Request, 0),
            DerivedMessageId.ForImage(Request, 1),
            DerivedMessageId.ForRefusal(Request, "{}"),
            DerivedMessageId.ForRefusal(Request, "{ }"),
            DerivedMessageId.ForBody("{}"u8),
            DerivedMessageId.ForBody(""u8),
        ];

        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void The_same_event_has_the_same_id()
    {
        Assert.Equal(DerivedMessageId.ForImage(Request, 3), DerivedMessageId.ForImage(Request, 3));
        Assert.Equal(DerivedMessageId.ForRefusal(Request, "{}"), DerivedMessageId.ForRefusal(Request, "{}"));
        Assert.Equal(DerivedMessageId.ForBody("{}"u8), DerivedMessageId.ForBody("{}"u8));
    }
}
