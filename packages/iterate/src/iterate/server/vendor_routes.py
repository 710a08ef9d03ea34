"""The routes of models and of those who have them."""

from iterate import errors
from iterate.server.route import Parameter, Route, json, route
from iterate.server.shapes import (
    Forgotten,
    KeyBody,
    KeyKept,
    Models,
    Nothing,
    RefreshBody,
    RefreshedRows,
    VendorRow,
    VendorRows,
)
from iterate.server.vendors import Vendors

_VENDORS = (errors.ConfigInvalid, errors.StateUnusable)
_WHERE = (
    Parameter(name="directory", where="query", meaning="The folder whose settings count."),
    Parameter(
        name="seen",
        where="query",
        meaning="Names of variables that the client has, between commas, without values. Without it the server's.",
    ),
)

VENDORS: tuple[Route, ...] = (
    route(
        "GET /model",
        Vendors,
        Vendors.models,
        takes=Nothing,
        asks=_WHERE,
        gives=json(Models, "models, those that can be asked now first"),
        summary="List models",
        notes="Servers on this machine are looked for, half a second at most.",
        fails=_VENDORS,
    ),
    route(
        "GET /provider",
        Vendors,
        Vendors.vendors,
        takes=Nothing,
        asks=_WHERE,
        gives=json(VendorRows, "vendors and servers on this machine, and where their keys come from"),
        summary="List who has models",
        fails=_VENDORS,
    ),
    route(
        "POST /provider/refresh",
        Vendors,
        Vendors.refresh,
        takes=RefreshBody,
        may_be_empty=True,
        gives=json(RefreshedRows, "who was asked, and how many models each has"),
        summary="Ask vendors for their models",
        fails=(errors.VendorUnknown, *_VENDORS),
    ),
    route(
        "GET /auth/{vendor}",
        Vendors,
        Vendors.vendor,
        takes=Nothing,
        asks=_WHERE,
        gives=json(VendorRow, "where the key comes from; never the key"),
        summary="Look at a vendor's access",
        fails=(errors.VendorUnknown, *_VENDORS),
    ),
    route(
        "PUT /auth/{vendor}",
        Vendors,
        Vendors.keep,
        takes=KeyBody,
        gives=json(KeyKept, "the key is kept"),
        summary="Keep a key",
        notes="The vendor is asked first; a key that it refuses is not kept.",
        fails=(errors.VendorUnknown, errors.KeyInvalid, errors.KeyRefused, *_VENDORS),
    ),
    route(
        "DELETE /auth/{vendor}",
        Vendors,
        Vendors.forget,
        takes=Nothing,
        gives=json(Forgotten, "whether there was a key"),
        summary="Forget a key",
        fails=(errors.StateUnusable,),
    ),
)
