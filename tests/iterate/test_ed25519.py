"""Ed25519, held against the vectors of RFC 8032 and against OpenSSL."""

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from iterate.install import ed25519

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493

# RFC 8032, section 7.1: secret key, public key, message, signature.
VECTORS = {
    "1": (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    "2": (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    "3": (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    "SHA(abc)": (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
            "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
        ),
    ),
}
SECRETS = st.binary(min_size=32, max_size=32)
MESSAGES = st.binary(max_size=200)


def openssl(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize("name", VECTORS)
def test_the_vectors_of_the_rfc_are_good_and_nothing_near_them(name: str) -> None:
    public, message, signature = (bytes.fromhex(each) for each in VECTORS[name])
    assert ed25519.verify(public, message, signature)
    assert not ed25519.verify(public, message + b"x", signature)
    for place in range(0, 64, 7):
        for bit in (1, 128):
            changed = bytearray(signature)
            changed[place] ^= bit
            assert not ed25519.verify(public, message, bytes(changed))


@settings(max_examples=40, deadline=None)
@given(SECRETS, MESSAGES)
def test_what_openssl_signs_is_good(secret: bytes, message: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(secret)
    assert ed25519.verify(key.public_key().public_bytes_raw(), message, key.sign(message))


@settings(max_examples=80, deadline=None)
@given(SECRETS, MESSAGES, st.integers(0, 96 * 8 - 1))
def test_a_flipped_bit_of_key_or_signature_is_refused_as_openssl_does(secret: bytes, message: bytes, bit: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(secret)
    both = bytearray(key.public_key().public_bytes_raw() + key.sign(message))
    both[bit // 8] ^= 1 << bit % 8
    public, signature = bytes(both[:32]), bytes(both[32:])
    assert ed25519.verify(public, message, signature) == openssl(public, message, signature)


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64), MESSAGES)
def test_random_keys_and_signatures_are_judged_as_openssl_does(public: bytes, signature: bytes, message: bytes) -> None:
    # OpenSSL takes keys of small order too; see below.
    expected = public not in SMALL and openssl(public, message, signature)
    assert ed25519.verify(public, message, signature) == expected


@settings(max_examples=20, deadline=None)
@given(SECRETS, MESSAGES, st.integers(1, 15))
def test_no_second_signature_can_be_made_of_a_good_one(secret: bytes, message: bytes, times: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(secret)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    scalar = int.from_bytes(signature[32:], "little") + times * ORDER
    if scalar < 2**256:
        other = signature[:32] + scalar.to_bytes(32, "little")
        assert not ed25519.verify(public, message, other)
        assert not openssl(public, message, other)


# The points of order 1, 2, 4 and 8, and what else decodes to them: anybody can sign for such a key.
SMALL = [
    (1).to_bytes(32, "little"),
    (P - 1).to_bytes(32, "little"),
    bytes(32),
    (1 << 255).to_bytes(32, "little"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
    P.to_bytes(32, "little"),
    (P + 1).to_bytes(32, "little"),
    (P + 1 | 1 << 255).to_bytes(32, "little"),
]


@pytest.mark.parametrize("public", SMALL)
def test_a_key_for_which_anybody_can_sign_is_no_key(public: bytes) -> None:
    # With a scalar of nothing the equation holds for some of them, whatever the message.
    for point in SMALL:
        for message in (b"", b"a", b"b", b"c", b"d", b"e", b"f", b"g"):
            assert not ed25519.verify(public, message, point + bytes(32))


def test_openssl_takes_such_keys_so_that_the_test_above_can_fail() -> None:
    assert any(
        openssl(public, message, point + bytes(32)) for public in SMALL for point in SMALL for message in (b"", b"a")
    )


def test_a_key_in_a_second_encoding_is_no_key() -> None:
    # y = 3 and y = 3 + p are one number; both fit into 255 bits.
    assert ed25519.verify(*(bytes.fromhex(each) for each in VECTORS["1"]))
    for number in range(19):
        for sign in (0, 1 << 255):
            assert not ed25519.verify((P + number | sign).to_bytes(32, "little"), b"", bytes(64))


@pytest.mark.parametrize(("key", "length"), [(0, 64), (31, 64), (33, 64), (32, 0), (32, 63), (32, 65)])
def test_other_lengths_are_no_keys_and_no_signatures(key: int, length: int) -> None:
    assert not ed25519.verify(bytes(key), b"", bytes(length))
