namespace ImageWorker.ZpkSimulator.Api;

/// <summary>Both endpoints take the application id and its key in the body.</summary>
internal static class CredentialCheck
{
    public static void Run(Fields fields, IDictionary<string, string> credentials, List<ApiError> errors)
    {
        var application = fields[Field.ApplicationId];
        var key = fields[Field.ApiKey];
        if (application is null)
            errors.Add(ApiError.NotSet(Field.ApplicationId));
        if (key is null)
            errors.Add(ApiError.NotSet(Field.ApiKey));
        if (application is null || key is null || credentials.Count == 0)
            return;

        if (!credentials.TryGetValue(application, out var expected))
            errors.Add(ApiError.UnknownApplication);
        else if (!string.Equals(key, expected, StringComparison.Ordinal))
            errors.Add(ApiError.WrongKey);
    }
}
