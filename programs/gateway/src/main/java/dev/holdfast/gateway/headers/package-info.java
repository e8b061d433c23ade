/**
 * Request and response headers of a call: names, facts about received headers, rewriting for
 * upstreams, client identity, grpc-timeout and status codes.
 */
@NullMarked
package dev.holdfast.gateway.headers;

import org.jspecify.annotations.NullMarked;
