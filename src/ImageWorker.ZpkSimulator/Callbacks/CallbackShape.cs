namespace ImageWorker.ZpkSimulator.Callbacks;

/// <summary>What a callback's JSON body carries; the API's page does not say.</summary>
public enum CallbackShape
{
    /// <summary>The id and the fields of the image that was completed, as check-status has them.</summary>
    Image,

    /// <summary>The id and an <c>images</c> array with every image of the submission as it stands.</summary>
    Images,

    /// <summary>An empty object.</summary>
    Empty,
}
