/**
 * HTTP mapping of gRPC methods: routing of requests, composition of the request message from path,
 * query and body, and formatting of responses, failures and streams.
 *
 * <p>Works on bytes only, without network, threads or clocks.
 */
@NullMarked
package dev.holdfast.transcoding.http;

import org.jspecify.annotations.NullMarked;
