using Microsoft.AspNetCore.Authorization;

namespace ImageWorker.Operations;

/// <summary>What operators may do. <see cref="OperationsKey"/> knows who may. A right is a role and the policy that asks for it.</summary>
public static class OperationsAccess
{
    /// <summary>The policy of endpoints that show.</summary>
    public const string Look = "look";

    /// <summary>The policy of endpoints that change something.</summary>
    public const string Act = "act";

    public static void AddOperationsAccess(this IServiceCollection services)
    {
        // AddAuthentication would also make keys for cookies, and write them to disk.
        services.AddAuthenticationCore(authentication =>
        {
            authentication.DefaultScheme = nameof(OperationsKey);
            authentication.AddScheme<OperationsKey>(nameof(OperationsKey), displayName: null);
        });
        services
            .AddAuthorizationBuilder()
            .AddPolicy(Look, caller => caller.RequireRole(Look))
            .AddPolicy(Act, caller => caller.RequireRole(Act));
    }

    /// <summary>Whether the caller may look, for what anybody may ask and only operators are told in full.</summary>
    public static async Task<bool> MayLookAsync(this HttpContext http) =>
        (
            await http.RequestServices.GetRequiredService<IAuthorizationService>().AuthorizeAsync(http.User, Look)
        ).Succeeded;
}
