// libcurl brings GnuTLS along for protocols that are never spoken here (RTMP, LDAP), and GnuTLS
// initializes itself when a program is loaded: 0.7 MiB, and time. A program that has this function
// says that it does so itself when it needs it (gnutls.h: GNUTLS_SKIP_GLOBAL_INIT).
extern "C" int _gnutls_global_init_skip();
extern "C" __attribute__((visibility("default"))) int _gnutls_global_init_skip() { return 1; }
