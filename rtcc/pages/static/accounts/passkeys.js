// Registering a passkey, and answering with one (WebAuthn). The server makes the challenge and checks the answer;
// this only carries both between the form and the device. Bytes travel as base64url (RFC 4648, section 5).

const NOT_HERE = "This browser cannot use passkeys here. Use a current one, over https.";
const NOTHING = "The device gave no answer. Nothing was changed; try again.";

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  if (!buffer) return null;
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function named(list) {
  return (list || []).map((each) => ({ ...each, id: bytes(each.id) }));
}

async function create(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
  };
  const made = await navigator.credentials.create({ publicKey });
  return said(made, {
    clientDataJSON: text(made.response.clientDataJSON),
    attestationObject: text(made.response.attestationObject),
  });
}

async function get(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: named(options.allowCredentials),
  };
  const given = await navigator.credentials.get({ publicKey });
  return said(given, {
    clientDataJSON: text(given.response.clientDataJSON),
    authenticatorData: text(given.response.authenticatorData),
    signature: text(given.response.signature),
    userHandle: text(given.response.userHandle),
  });
}

function said(credential, response) {
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const says = form.querySelector("[data-passkey-says]");
  const tell = (sentence) => {
    says.textContent = sentence;
    says.hidden = false;
  };
  if (!window.PublicKeyCredential) tell(NOT_HERE);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const options = JSON.parse(document.getElementById("passkey-options").textContent).publicKey;
    try {
      const answer = await (form.dataset.passkey === "create" ? create(options) : get(options));
      form.elements.credential.value = JSON.stringify(answer);
    } catch {
      tell(window.PublicKeyCredential ? NOTHING : NOT_HERE);
      return;
    }
    form.submit();
  });
}
