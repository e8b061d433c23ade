package dev.holdfast.cli.call;

import dev.holdfast.cli.UserError;
import dev.holdfast.cli.settings.Settings;
import dev.holdfast.transcoding.schema.RpcMethod;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import java.util.List;

/** The name of a method as the user gives it: {@code package.Service/Method}. */
final class MethodName {
  private final String text;

  private MethodName(String text) {
    this.text = text;
  }

  /** A name with a slash between service and method, or a dot; a slash at its start is its path. */
  static MethodName parse(String given) {
    String name = given.startsWith("/") ? given.substring(1) : given;
    int slash = name.indexOf('/');
    int dot = name.lastIndexOf('.');
    if (slash < 0 && dot > 0) {
      name = name.substring(0, dot) + "/" + name.substring(dot + 1);
      slash = dot;
    }
    if (slash < 1 || slash == name.length() - 1 || name.indexOf('/', slash + 1) >= 0) {
      throw UserError.usage("method: \"" + given + "\" (expected: package.Service/Method)");
    }
    return new MethodName(name);
  }

  /** The method of that name; the error of an unknown one has the nearest name. */
  RpcMethod in(ServerSchema schema, String target) {
    ServiceCatalog catalog = schema.catalog();
    return catalog.method(text).orElseThrow(() -> unknown(schema, target));
  }

  private UserError unknown(ServerSchema schema, String target) {
    ServiceCatalog catalog = schema.catalog();
    String service = text.substring(0, text.indexOf('/'));
    if (schema.undescribed().contains(service)) {
      return UserError.failed(
          target
              + ": offers "
              + service
              + " without its descriptor (expected: --descriptor-set FILE of protoc"
              + " --include_imports -o FILE)");
    }
    List<String> methods = catalog.methods().stream().map(RpcMethod::fullName).toList();
    String what =
        catalog.service(service).isPresent()
            ? "method: " + service + " has no " + text.substring(text.indexOf('/') + 1)
            : "method: \"" + text + "\" is unknown to " + target;
    String hint = Settings.hint(text, methods);
    return UserError.failed(
        what + (hint.isEmpty() ? " (holdfast ls-methods shows what there is)" : hint));
  }
}
