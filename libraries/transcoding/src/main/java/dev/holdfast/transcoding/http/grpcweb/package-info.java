/**
 * gRPC-Web: gRPC for browsers, which see no trailers. Frames are gRPC's; trailers become a last
 * frame.
 *
 * @see <a href="https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md">PROTOCOL-WEB</a>
 */
@NullMarked
package dev.holdfast.transcoding.http.grpcweb;

import org.jspecify.annotations.NullMarked;
